//! Running sums over a list that grows.

use crate::domain::few::Few;
use crate::encoding::codec;

/// The sums of the first numbers of a list: asking for one, changing a number and adding one cost the logarithm of the list's
/// length. A Fenwick tree: what stands at place i, counted from 1, is the sum of as many numbers up to i as the lowest bit of i
/// says.
#[derive(Clone, Default)]
pub struct RunningSums(Few<i128, 32>);

codec!(RunningSums(sums));

impl RunningSums {
    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a number at the end.
    pub fn push(&mut self, number: i128) {
        let place = self.len() + 1;
        let (mut sum, mut step) = (number, 1);
        while place & step == 0 {
            sum += self.at(place - step);
            step <<= 1;
        }
        self.0.push(sum);
    }

    /// Adds to the number at an index; numbers between the last one and it become zero.
    pub fn add(&mut self, index: usize, number: i128) {
        while self.len() <= index {
            self.push(0);
        }
        let mut place = index + 1;
        while place <= self.len() {
            *self.0.get_mut(place - 1).expect("it is within the list") += number;
            place += lowest_bit(place);
        }
    }

    /// The sum of the first `count` numbers; of all, if there are fewer.
    pub fn first(&self, count: usize) -> i128 {
        let (mut place, mut sum) = (count.min(self.len()), 0);
        while place > 0 {
            sum += self.at(place);
            place -= lowest_bit(place);
        }
        sum
    }

    /// How many numbers, of which none is below zero, come to at most a sum, and to what they come.
    pub fn within(&self, sum: i128) -> (usize, i128) {
        let (mut count, mut reached) = (0, 0);
        let mut step = (self.len() + 1).next_power_of_two();
        while step > 0 {
            if count + step <= self.len() && reached + self.at(count + step) <= sum {
                count += step;
                reached += self.at(count);
            }
            step >>= 1;
        }
        (count, reached)
    }

    fn at(&self, place: usize) -> i128 {
        *self.0.get(place - 1).expect("it is within the list")
    }
}

fn lowest_bit(place: usize) -> usize {
    place & place.wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_are_those_of_the_numbers(
            numbers in prop::collection::vec(0_i64..50, 0..200), changes in prop::collection::vec((0_usize..250, 0_i64..50), 0..40), sum in 0_i64..3_000,
        ) {
            let mut numbers: Vec<i128> = numbers.into_iter().map(i128::from).collect();
            let mut sums = RunningSums::default();
            numbers.iter().for_each(|number| sums.push(*number));
            for (index, number) in changes {
                sums.add(index, i128::from(number));
                numbers.resize(numbers.len().max(index + 1), 0);
                numbers[index] += i128::from(number);
            }
            prop_assert_eq!(sums.len(), numbers.len());
            for count in 0..=numbers.len() {
                prop_assert_eq!(sums.first(count), numbers[..count].iter().sum::<i128>());
            }
            let sum = i128::from(sum);
            let (count, reached) = sums.within(sum);
            prop_assert_eq!(reached, sums.first(count));
            prop_assert!(reached <= sum && numbers.get(count).is_none_or(|next| reached + next > sum));
        }
    }
}
